const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}])/u;
const MARK = /^\p{M}/u;

/**
 * The columns that printable text occupies: two for East Asian wide characters and emoji, zero for combining
 * marks.
 */
export function textWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (character < '\u0300') return 1;
  return MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}

/** Cuts printable text to a width; an ellipsis in the last column marks the cut. */
export function truncate(text: string, width: number, ellipsis = '…'): string {
  if (textWidth(text) <= width) return text;
  if (width <= 0) return '';
  let used = 0;
  let visible = '';
  for (const character of text) {
    used += characterWidth(character);
    if (used > width - 1) break;
    visible += character;
  }
  return visible + ellipsis;
}

/** Cuts or pads to exactly `width` columns. */
export function fit(text: string, width: number, ellipsis = '…'): string {
  const cut = truncate(text, width, ellipsis);
  return cut + ' '.repeat(Math.max(0, width - textWidth(cut)));
}

/** Wraps printable text into lines of at most `width` columns. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const character of text) {
    const columns = characterWidth(character);
    if (used + columns > width) {
      lines.push(line);
      line = '';
      used = 0;
    }
    line += character;
    used += columns;
  }
  return [...lines, line];
}

/** Functions that paint text with escape sequences. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  /** The colour of the n-th service. Red is reserved for errors. */
  readonly service: (index: number, text: string) => string;
}

// Middle tones of the 256 colours, readable on light and dark terminals.
const SERVICE_COLOURS = [33, 35, 172, 133, 37, 168, 100, 63, 71, 137];

/** Returns functions that paint text, or return it unchanged without colour. */
export function paint(color: boolean): Paint {
  const sgr = (code: string) => (text: string) =>
    color && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text;
  const services = SERVICE_COLOURS.map((colour) => sgr(`38;5;${colour}`));
  return {
    bold: sgr('1'),
    dim: sgr('2'),
    red: sgr('31'),
    service: (index, text) => services[index % services.length]!(text),
  };
}

/** Whether to use colours: FORCE_COLOR decides, then NO_COLOR, then whether the output is a terminal. */
export function wantsColor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  const force = environment.FORCE_COLOR;
  if (force !== undefined && force !== '') return force !== '0' && force !== 'false';
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== '') return false;
  return stream.isTTY === true && environment.TERM !== 'dumb';
}
