import { execFileSync } from 'node:child_process';

/** The suite drives the sample as a user starts it: built, in a process of its own. */
export default function build() {
  for (const args of [
    ['run', 'build'],
    ['run', 'build', '-w', 'sample/01-login'],
  ]) {
    execFileSync('npm', args, { stdio: 'inherit' });
  }
}
