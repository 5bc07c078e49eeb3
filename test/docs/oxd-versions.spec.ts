import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RELEASES, within, type Release, type Span } from '../../lib/base/oxd-releases.js';
import { COMMAND_ALIASES } from '../../lib/commands/aliases.js';
import { COMMAND_RULES } from '../../lib/commands/command-rules.js';
import type { CommandName } from '../../lib/commands/command.js';
import { httpsPath, isRest } from '../../lib/commands/dialect/https-paths.js';
import { supports, type CommandRule, type ParamRule } from '../../lib/commands/parameter-rules.js';
import { REGISTRATION_ROWS } from '../../lib/site/site-parameters.js';
import { libFiles, libSource, root } from '../support/source.js';

type Rule = CommandRule<Record<string, unknown>>;

const page = readFileSync(join(root, 'docs/oxd-versions.md'), 'utf8');
const commands = Object.entries(COMMAND_RULES) as unknown as readonly [CommandName, Rule][];
const OXD_3 = RELEASES.filter((release) => !isRest(release));
const OXD_4 = RELEASES.filter(isRest);

describe('docs/oxd-versions.md', () => {
  it('has one row for the `version` of each release', () => {
    const rows = tableAfter('Choose the version');
    expect(rows.map(([, version = '']) => version.replace(/[`']/g, ''))).toEqual([...RELEASES]);
  });

  it('has the commands of the code, with the releases of each transport', () => {
    expect(tableAfter('Commands')).toEqual(commands.map(commandRow));
  });

  it('has the parameters that some releases do not have', () => {
    expect(tableAfter('Parameters')).toEqual(parameterRows());
  });

  it('has the parameters of `site` that an update cannot change', () => {
    const [, text = ''] = /^`update_site` of oxd 3\.1 cannot change (.+?)\.\s/ms.exec(page) ?? [];
    expect(codesIn(text).toSorted()).toEqual(fixedUntil('4.0').toSorted());
    const [, always = ''] = /^Of these, oxd 4 cannot change (.+?) either\./ms.exec(page) ?? [];
    expect(codesIn(always).toSorted()).toEqual(fixedUntil(undefined).toSorted());
  });

  it('has every other name that a parameter may have', () => {
    const rows = tableAfter('Where the documentation of oxd is wrong');
    const accepted = rows.filter(([, , here]) => here === 'accepts both');
    const names = new Set(accepted.flatMap(([name = '']) => codesIn(name)));
    const aliases = Object.values(COMMAND_ALIASES).flatMap((table) => Object.keys(table));
    expect(aliases.filter((name) => !names.has(name))).toEqual([]);
  });

  it('quotes the errors of the transport as they are', () => {
    const source = libFiles()
      .filter((file) => file.startsWith('https/') || file.startsWith('oxd-client/'))
      .map(libSource)
      .join('\n')
      .replace(/['"`] \+\s+['"`]/g, '');
    const quotes = tableAfter('Errors over HTTPS').flatMap(([cell = '']) => codesIn(cell));
    expect(quotes.length).toBeGreaterThan(10);
    expect(quotes.filter((quote) => !source.includes(quote))).toEqual([]);
  });
});

/** Cells of the first table after a heading, without its head. */
function tableAfter(heading: string): string[][] {
  const section = page.slice(page.indexOf(`## ${heading}\n`));
  const [table = ''] = /(?:^\|.*\n)+/m.exec(section) ?? [];
  const rows = table.trim().split('\n').slice(2);
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function codesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

function commandRow([command, rule]: [CommandName, Rule]): string[] {
  const isKnown = (release: Release): boolean => within(release, rule);
  const hasPath = (release: Release): boolean =>
    isKnown(release) && httpsPath(release, command) !== undefined;
  return [
    `\`${command}\``,
    releases(OXD_3, isKnown),
    releases(OXD_3, hasPath),
    releases(OXD_4, hasPath),
  ];
}

/** Releases of a column: all, none, or a range. */
function releases(column: readonly Release[], has: (release: Release) => boolean): string {
  const [first, ...others] = column.filter(has);
  const last = others.at(-1) ?? first;
  if (first === undefined || last === undefined) return 'none';
  if (first === column[0] && last === column.at(-1)) return 'all';
  if (last === column.at(-1)) return `from ${first}`;
  return first === column[0] ? `up to ${last}` : `${first} to ${last}`;
}

/** Parameters of all commands but those of `site`, which docs/options.md lists. */
function parameterRows(): string[][] {
  return commands.flatMap(([command, { since, until, params }]) => {
    const facts = Object.entries(withItems(params))
      .filter(
        ([name, rule]) => !isDescribedElsewhere(command, name) && isPartial({ since, until }, rule),
      )
      .map(([name, rule]) => ({ name, fact: support({ since, until }, rule) }));
    return [...new Set(facts.map(({ fact }) => fact))].map((fact) => {
      const names = facts.filter((one) => one.fact === fact).map(({ name }) => `\`${name}\``);
      return [`\`${command}\``, names.join(', '), ...fact.split(' | ')];
    });
  });
}

/** Adds the properties of the items of lists. */
function withItems(params: Readonly<Record<string, ParamRule>>): Record<string, ParamRule> {
  const items = Object.values(params).map((rule) => (rule.items ? withItems(rule.items) : {}));
  return Object.assign({ ...params }, ...items) as Record<string, ParamRule>;
}

function isDescribedElsewhere(command: CommandName, name: string): boolean {
  const isOfToken = name === 'protection_access_token' || name === 'authorization_oxd_id';
  const isRegistration = /^(?:setup_client|register_site|update_site)$/.test(command);
  return isOfToken || (isRegistration && REGISTRATION_ROWS.some(([row]) => row === name));
}

/** Returns true if a release that has the command lacks the parameter. */
function isPartial(command: Span, rule: ParamRule): boolean {
  return RELEASES.some((release) => within(release, command) && !supports(release, rule));
}

/** Returns the releases of oxd that have a parameter, its support by embedded, its handling elsewhere. */
function support(command: Span, rule: ParamRule): string {
  const ofCommand = RELEASES.filter((release) => within(release, command));
  const oxd = releases(ofCommand, (release) => supports(release, rule));
  const { embedded, ifUnsupported, defaultValue } = rule;
  const exception =
    defaultValue === undefined ? '' : `, except \`${JSON.stringify(defaultValue)}\``;
  const elsewhere = ifUnsupported === 'omit' ? 'omitted' : `rejected${exception}`;
  return [oxd, embedded === false ? 'no' : 'yes', elsewhere].join(' | ');
}

/** Parameters of `site` that `update_site` lacks, although `register_site` has them. */
function fixedUntil(release: Release | undefined): string[] {
  const { register_site, update_site } = COMMAND_RULES as unknown as Record<string, Rule>;
  const lacks = (name: string): boolean => {
    const rule = update_site?.params[name];
    const isFixed = rule === undefined || rule.oxd === false;
    return isFixed || (release !== undefined && rule.since === release);
  };
  const isKnown = (rule?: ParamRule): boolean => rule !== undefined && supports('3.1.4', rule);
  return Object.keys(register_site?.params ?? {}).filter(
    (name) => isKnown(register_site?.params[name]) && lacks(name),
  );
}
