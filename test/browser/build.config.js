import { execFileSync } from 'node:child_process';

/** The suite drives the samples as a user starts them: built, each in a process of its own. */
export default function build() {
  for (const args of [
    ['run', 'build'],
    ['run', 'build', '-w', 'sample/01-login'],
    ['run', 'build', '-w', 'sample/02-protect-an-api'],
  ]) {
    execFileSync('npm', args, { stdio: 'inherit' });
  }
}
