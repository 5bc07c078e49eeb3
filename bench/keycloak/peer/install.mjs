// Installs the packages of the peer into this folder, unless they are installed: it needs another version of
// NestJS than this package.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const cwd = import.meta.dirname;
if (!existsSync(`${cwd}/node_modules/nest-keycloak-connect`)) {
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts'];
  execFileSync('npm', ['ci', ...flags], { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
}
