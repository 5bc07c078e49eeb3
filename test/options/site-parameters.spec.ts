import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ParameterKind, SiteParameter } from '../../lib/site/parameter-kinds.js';
import { REGISTRATION_ROWS } from '../../lib/site/site-parameters.js';
import { root } from '../support/source.js';

const VALUES: Readonly<Record<ParameterKind, string>> = {
  string: 'string',
  url: 'URL',
  redirect: 'URL',
  discovery: 'URL',
  path: 'path',
  json: 'JSON string',
  number: 'number',
  boolean: '`true` or `false`',
  strings: 'list',
  urls: 'list of URLs',
  redirects: 'list of URLs',
  patterns: 'list of regular expressions',
  map: 'object of strings',
};

/** Sentences of the parameters, from the comments of their rows. */
const SENTENCES = new Map(
  ['lib/site/client-parameters.ts', 'lib/site/site-parameters.ts']
    .flatMap((file) => [
      ...text(file).matchAll(/^ {2}\/\*\*((?:(?!\*\/)[^])+)\*\/\n {2}(\w+): \{/gm),
    ])
    .map(([, comment = '', name = '']) => [name, comment.replace(/\s+(?:\* )?/g, ' ').trim()]),
);

it('docs/options.md has exactly the rows of the table of site parameters', () => {
  const rows = [...text('docs/options.md').matchAll(/^\| `\w+` +\|(?:[^|\n]+\|){3}$/gm)];
  const documented = rows.map(([row]) => row.replace(/ +/g, ' '));
  const expected = REGISTRATION_ROWS.map(rowOf);
  expect({
    missing: expected.filter((row) => !documented.includes(row)),
    unknown: documented.filter((row) => !expected.includes(row)),
  }).toEqual({ missing: [], unknown: [] });
});

function rowOf([name, { kind, values, since, until, embedded, oxd }]: [
  string,
  SiteParameter,
]): string {
  const value = values ? values.map((one) => `\`${one}\``).join(', ') : VALUES[kind];
  const releases = oxd === false ? 'none' : (since ?? (until ? `up to ${until}` : 'all'));
  const versions = `${releases}${embedded === false ? ', not embedded' : ''}`;
  return `| \`${name}\` | ${value} | ${versions} | ${SENTENCES.get(name)} |`;
}

function text(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
