import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A code block of a page: the heading above it, its language and its text. */
export interface PageBlock {
  readonly heading: string;
  readonly language: string;
  readonly text: string;
}

/** Returns the code blocks of a page of the repository, such as `docs/environments.md`. */
export function blocksOf(page: string): readonly PageBlock[] {
  const text = readFileSync(join(__dirname, '..', page), 'utf8');
  let heading = '';
  return Array.from(text.matchAll(/^#+ ([^\n]*)$|^```(\w+)\n(.*?)^```$/gms), ([, title, language, code]) => {
    if (title !== undefined) heading = title;
    return { heading, language: language ?? '', text: code ?? '' };
  }).filter(({ language }) => language !== '');
}

/** Returns the only block with this heading, language and part of its text. Throws if there is not exactly one. */
export function blockOf(page: string, heading: string, language: string, part = ''): string {
  const found = blocksOf(page).filter(
    (block) => block.heading === heading && block.language === language && block.text.includes(part),
  );
  if (found.length !== 1)
    throw new Error(
      `${page}: expected one ${language} block "${part}" below "${heading}", got ${found.length}`,
    );
  return found[0]!.text;
}

/** Returns the commands of the `sh` blocks with this heading: continued lines are joined, comments are left out. */
export function commandsOf(page: string, heading: string): readonly string[] {
  return blocksOf(page)
    .filter((block) => block.heading === heading && block.language === 'sh')
    .flatMap(({ text }) =>
      text
        .replaceAll(/\\\n\s*/g, '')
        .trim()
        .split('\n'),
    )
    .map((line) => line.replace(/\s+#.*$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'));
}
