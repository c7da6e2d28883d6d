import { createHmac } from 'node:crypto';

/** One request that OSProfiler accepts or rejects, as measured with OSProfiler itself. */
export interface GoldenRow {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `500`: OSProfiler's own server fails; Clew ignores the trace. */
  readonly osprofiler: 'traced' | 'not traced' | 500;
}

export const BASE_ID = '3f2b6c1e-8d47-4a0e-9b6d-0c5a7e1f2d34';
export const PARENT_ID = '77777777-1111-4222-8333-444444444444';
/** The keys, in the order of the middleware. */
export const HMAC_KEYS = ['SECRET_KEY', 'SECOND_KEY'];
const [FIRST = '', SECOND = ''] = HMAC_KEYS;
const IDS = { base_id: BASE_ID, parent_id: PARENT_ID };

export const GOLDEN_ROWS: readonly GoldenRow[] = [
  row('first key', 'traced', signed(text(IDS))),
  row('second key', 'traced', signed(text(IDS), SECOND)),
  row('unknown key', 'not traced', signed(text(IDS), 'OTHER_KEY')),
  row('no X-Trace-HMAC', 'not traced', { 'X-Trace-Info': text(IDS) }),
  row('empty X-Trace-HMAC', 'not traced', { 'X-Trace-Info': text(IDS), 'X-Trace-HMAC': '' }),
  row(
    'HMAC with spaces around',
    'traced',
    hmacAs((hmac) => `  ${hmac} `),
  ),
  row(
    'HMAC in upper case',
    'not traced',
    hmacAs((hmac) => hmac.toUpperCase()),
  ),
  row(
    'HMAC-SHA256',
    'not traced',
    hmacAs(() => hmac('sha256', text(IDS), FIRST)),
  ),
  row(
    'HMAC over the JSON',
    'not traced',
    hmacAs(() => hmac('sha1', JSON.stringify(IDS), FIRST)),
  ),
  row(
    'HMAC of another text',
    'not traced',
    hmacAs(() => hmac('sha1', text({ base_id: BASE_ID }), FIRST)),
  ),
  row('base_id only', 'traced', signed(text({ base_id: BASE_ID }))),
  row('parent_id null', 'traced', signed(text({ base_id: BASE_ID, parent_id: null }))),
  row('parent_id empty', 'traced', signed(text({ base_id: BASE_ID, parent_id: '' }))),
  row('parent_id the base_id', 'traced', signed(text({ base_id: BASE_ID, parent_id: BASE_ID }))),
  row('parent_id only', 'not traced', signed(text({ parent_id: PARENT_ID }))),
  row('no id', 'not traced', signed(text({}))),
  row('an extra key', 'not traced', signed(text({ ...IDS, extra: 1 }))),
  row('an extra key traceparent', 'not traced', signed(text({ ...IDS, traceparent: '00-1-1-01' }))),
  row('an extra key __proto__', 'not traced', signed(base64(`{"base_id":"${BASE_ID}","__proto__":1}`))),
  row('hmac_key inside', 'traced', signed(text({ ...IDS, hmac_key: 'OTHER_KEY' }))),
  row('base64 without its padding', 'not traced', signed(text(IDS).replace(/=+$/, ''))),
  row('standard alphabet, none of its letters', 'traced', signed(base64(JSON.stringify(IDS)))),
  row('standard alphabet with + and /', 'traced', signed(base64(plusAndSlash()))),
  row('URL-safe alphabet with - and _', 'traced', signed(urlSafe(base64(plusAndSlash())))),
  row(
    'JSON with blanks',
    'traced',
    signed(base64(`{ "parent_id" : "${PARENT_ID}" , "base_id" : "${BASE_ID}" }`)),
  ),
  row('a key twice', 'traced', signed(base64(`{"base_id":1,"base_id":"${BASE_ID}"}`))),
  row('base_id no UUID', 'traced', signed(text({ base_id: 'my-trace', parent_id: PARENT_ID }))),
  row('base_id 32 digits', 'traced', signed(text({ ...IDS, base_id: BASE_ID.replaceAll('-', '') }))),
  row('base_id upper case', 'traced', signed(text({ ...IDS, base_id: BASE_ID.toUpperCase() }))),
  row('base_id a number', 500, signed(text({ ...IDS, base_id: 7 }))),
  row('base_id an object', 500, signed(text({ ...IDS, base_id: { a: 1 } }))),
  row('base_id zero', 'traced', signed(text({ ...IDS, base_id: 0 }))),
  row('base_id an empty object', 'traced', signed(text({ ...IDS, base_id: {} }))),
  row('parent_id an empty list', 'traced', signed(text({ ...IDS, parent_id: [] }))),
  row('parent_id a number', 'traced', signed(text({ ...IDS, parent_id: 7 }))),
  row('base_id empty', 'traced', signed(text({ ...IDS, base_id: '' }))),
  row('base_id null', 'traced', signed(text({ ...IDS, base_id: null }))),
  row('a JSON list', 'not traced', signed(text([BASE_ID, PARENT_ID]))),
  row('a JSON text', 'not traced', signed(text(BASE_ID))),
  row('JSON null', 'not traced', signed(text(null))),
  row('no JSON', 'not traced', signed(base64('{'))),
  row('no UTF-8', 'not traced', signed(Buffer.from([0x7b, 0xff, 0x7d]).toString('base64'))),
  row('lower-case header names', 'traced', lowerCase(signed(text(IDS)))),
];

/** The headers for ids, signed as by OSProfiler. */
export function signed(info: string, key = FIRST): Record<string, string> {
  return { 'X-Trace-Info': info, 'X-Trace-HMAC': hmac('sha1', info, key) };
}

/** Base64url of the JSON. */
export function text(ids: unknown): string {
  return urlSafe(base64(JSON.stringify(ids)));
}

/** The ids in a written header. */
export function idsIn(info: string): { base_id: string; parent_id: string } {
  return JSON.parse(Buffer.from(info, 'base64url').toString());
}

export function hmac(algorithm: string, data: string, key: string): string {
  return createHmac(algorithm, key).update(data).digest('hex');
}

function hmacAs(change: (hmac: string) => string): Record<string, string> {
  const headers = signed(text(IDS));
  return { ...headers, 'X-Trace-HMAC': change(headers['X-Trace-HMAC'] ?? '') };
}

/** JSON whose base64 contains both characters in which the alphabets differ. */
function plusAndSlash(): string {
  const json = `{"base_id": "${BASE_ID}", "parent_id": "~~~???>>>-${'ÿ'.repeat(3)}"}`;
  if (!/\+.*\/|\/.*\+/.test(base64(json))) throw new Error('expected + and / in the base64');
  return json;
}

function row(name: string, osprofiler: GoldenRow['osprofiler'], headers: Record<string, string>): GoldenRow {
  return { name, osprofiler, headers };
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function base64(content: string): string {
  return Buffer.from(content).toString('base64');
}

function urlSafe(content: string): string {
  return content.replaceAll('+', '-').replaceAll('/', '_');
}
