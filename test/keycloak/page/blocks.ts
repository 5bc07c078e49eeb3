import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../support/source.js';

/** A fenced block of a page. */
export interface Block {
  /** Heading of its section. */
  readonly section: string;
  /** Language, and a word that distinguishes blocks of one language; empty for an output. */
  readonly language: string;
  readonly code: string;
  /** Path of a file; undefined for commands and outputs. */
  readonly file?: string;
}

/** A page of `docs`, with other addresses in place of the printed ones. */
export class Page {
  readonly text: string;

  /** @param replaced printed strings with their replacements */
  constructor(path: string, replaced: Readonly<Record<string, string>> = {}) {
    const printed = readFileSync(join(root, path), 'utf8');
    this.text = Object.entries(replaced).reduce(
      (text, [from, to]) => text.replaceAll(from, to),
      printed,
    );
  }

  /** The blocks in their order. */
  get blocks(): readonly Block[] {
    const parts = this.text.split(/^```([\w ]*)\n([^]*?)^```$/m);
    const blocks: Block[] = [];
    for (let index = 0; index + 2 < parts.length; index += 3) {
      const [before = '', language = '', code = ''] = parts.slice(index, index + 3);
      const heading = before
        .match(/^## .+$/gm)
        ?.at(-1)
        ?.slice(3);
      const section = heading ?? blocks.at(-1)?.section ?? '';
      const [, file] = /file\s+`(\S+)`(?:, in place of [^:]+)?:\s+$/.exec(before) ?? [];
      blocks.push({ section, language, code, file });
    }
    return blocks;
  }

  /** Text of a section, without its heading. */
  section(heading: string): string {
    const [, text] = this.text.split(new RegExp(`^## ${heading}$`, 'm'));
    if (text === undefined) throw new Error(`There is no section ${heading}.`);
    return text.split(/^## /m)[0] ?? '';
  }
}

/** Pattern of a printed output, in which "…" stands for any characters. */
export function outputPattern(printed: string): RegExp {
  const parts = printed.trim().split('…');
  const escaped = parts.map((part) => part.replaceAll(/[^\w\s]/g, String.raw`\$&`));
  return new RegExp(`^${escaped.join('[^\\n]+')}$`);
}
