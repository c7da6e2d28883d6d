// Names and attributes are untrusted: everything shown on a terminal or a page passes through printable() first.

// Control characters (which begin escape sequences), invisible and bidirectional formatting, line separators, lone
// surrogates.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const STACKED_MARKS = /(\p{M}{2})\p{M}+/gu;
const ESCAPES: { readonly [character: string]: string } = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const MAX_CHARS = 16_384;

/** Escapes characters that could move the cursor, change colours, or hide or reorder text, as `\xNN` or `\u{N}`. */
export function printable(text: string): string {
  return text.slice(0, MAX_CHARS).replace(UNPRINTABLE, escaped).replace(STACKED_MARKS, '$1');
}

/** Formats JSON with the same value in which such characters are escaped. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    Array.from({ length: character.length }, (_, at) => {
      const unit = character.charCodeAt(at).toString(16);
      return `\\u${unit.padStart(4, '0')}`;
    }).join(''),
  );
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const short = code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  return ESCAPES[character] ?? short;
}
