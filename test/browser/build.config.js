import { execFileSync } from 'node:child_process';

/** Builds the samples: the suite runs each as a user does, built and in its own process. */
export default function build() {
  for (const args of [
    ['run', 'build'],
    ['run', 'build', '-w', 'sample/01-login'],
    ['run', 'build', '-w', 'sample/02-protect-an-api'],
    ['run', 'build', '-w', 'sample/03-bearer-and-mcp'],
  ]) {
    execFileSync('npm', args, { stdio: 'inherit' });
  }
}
