import { splitTarget, withoutQuery } from '../templates/http-attributes.ts';

/** Paths that every parser reads the same way. `//` and segments that begin with a dot are checked further. */
const PLAIN = /^(?:\/[\w!$&'()*+,=:@~-][\w!$&'()*+,=:@~.-]*)*\/?$/;
/** A segment of dots, also with spaces, which some file systems ignore. */
const DOTS = /\/(?:%20)*\.(?:\.|%20)*(?:\/|$)/;
/** Encodings that no client needs, and of characters that end a segment once they are decoded. */
const NEEDLESS = /%(?:2[def]|3[\db]|4[1-9a-f]|5[\dacf]|6[1-9a-f]|7[\daef]|[01][\da-f]|25[\da-f]{2})/i;
/** A path as clients send it: visible ASCII without the characters that servers interpret differently. */
const VISIBLE = /^\/[\x21\x22\x24-\x3a\x3c-\x3e\x40-\x5b\x5d-\x7e]*$/;

/**
 * Whether every router, proxy and framework sees the same segments in a path: it has no dot segments, double or encoded
 * slashes, backslashes, `;` parameters, control characters, or needlessly encoded letters, digits and dots.
 * HTTP clients send only such paths. Source: https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 */
export function isUnambiguous(path: string): boolean {
  if (PLAIN.test(path)) return path !== '';
  if (!VISIBLE.test(path) || path.includes('//') || DOTS.test(path) || NEEDLESS.test(path)) return false;
  try {
    // Overlong and otherwise malformed encodings throw.
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** An absolute target with a plain host: only then do all parsers agree where its path begins. */
const PLAIN_ORIGIN = /^https?:\/\/(?:[\w.~!$&'()*+,=:-]*@)?[\w.-]+(?::\d+)?(?:[/?]|$)/i;

/** The path of a request target, without its query; the whole target if it is ambiguous where the path begins. */
export function pathOfTarget(target: string): string {
  const isPath = target.startsWith('/') || PLAIN_ORIGIN.test(target);
  return withoutQuery(isPath ? splitTarget(target).path : target);
}

const SCHEME = /^[a-z][a-z\d+.-]*:[\\/]*/i;
const MAX_DECODINGS = 3;

/** The paths that routers may see in an ambiguous one: unchanged, decoded up to three times, with dots resolved. */
export function readingsOf(path: string): readonly string[] {
  const readings = new Set([path]);
  const bare = path.replace(SCHEME, '/');
  for (const start of new Set([path, bare, `/${bare.split(/[\\/]/).slice(2).join('/')}`])) {
    let text = start;
    for (let round = 0; round <= MAX_DECODINGS; round++) {
      readings.add(text);
      readings.add(resolved(text));
      text = decodedOnce(text);
    }
  }
  return [...readings];
}

/** Decodes byte by byte, so that malformed encodings are decoded too. */
function decodedOnce(path: string): string {
  return path.replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function resolved(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split(/[\\/]/)) {
    const bare = segment.replace(/;.*$/s, '').replace(/[^\x21-\x7e]/g, '');
    if (bare === '..') segments.pop();
    else if (bare !== '.' && bare !== '') segments.push(bare);
  }
  return `/${segments.join('/')}${/[\\/.]$/.test(path) ? '/' : ''}`;
}
