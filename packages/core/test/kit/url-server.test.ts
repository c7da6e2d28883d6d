import { urlServer } from '../../src/kit/url-server.ts';

test.each([
  ['postgres://[::1]:5432/shop', '::1', 5432],
  ['https://[2001:db8::7]/', '2001:db8::7', undefined],
  ['https://api.example', 'api.example', undefined],
  ['http://127.0.0.1:8080/a', '127.0.0.1', 8080],
  ['sqlite:///shop.db', undefined, undefined],
])('the server of %s is %s, port %s', (url, address, port) => {
  expect(urlServer(new URL(url))).toEqual({ address, port });
});
