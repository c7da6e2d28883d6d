import { requestView, type UndiciRequest } from '../src/request-view.ts';

const request = (rest: Partial<UndiciRequest>): UndiciRequest => ({
  origin: 'http://shop.example',
  method: 'GET',
  path: '/',
  headers: [],
  addHeader() {},
  ...rest,
});

const urlOf = (rest: Partial<UndiciRequest>) =>
  requestView.origin(request(rest)) + requestView.target(request(rest));

test.each<[string, Partial<UndiciRequest>, string]>([
  ['an origin as a string', { path: '/songs?page=2' }, 'http://shop.example/songs?page=2'],
  ['an origin as a URL', { origin: new URL('https://shop.example:8443') }, 'https://shop.example:8443/'],
  ['credentials in the origin', { origin: 'http://app:s3cr3t@shop.example/' }, 'http://shop.example/'],
])('reads the URL from %s', (_what, rest, expected) => {
  expect(urlOf(rest)).toBe(expected);
});

test('reads headers in every form', () => {
  const listed = request({ headers: ['X-Asked', 'a', 'x-other', 'b'] });
  const written = request({ headers: 'X-Asked: a\r\nx-other: b\r\n' });
  for (const each of [listed, written]) {
    expect(requestView.requestHeader(each, 'x-asked')).toBe('a');
    expect(requestView.requestHeader(each, 'x-none')).toBeUndefined();
  }
  const viaOf = (headers: Buffer[] | Record<string, string>) =>
    requestView.responseHeader(
      { request: listed, response: { statusCode: 200, statusText: '', headers } },
      'via',
    );
  expect(viaOf(['Via', 'a', 'via', 'b'].map((text) => Buffer.from(text)))).toEqual(['a', 'b']);
  expect(viaOf({ via: 'a' })).toBe('a');
  expect(viaOf([])).toBeUndefined();
});
