import { connectionAttributes } from '../src/connection.ts';
import type { Protocol } from '../src/protocol.ts';

test('the IPv6 address of a server has no brackets', () => {
  const protocol = { transport: { _url: new URL('http://[::1]:3000/mcp') } } as unknown as Protocol;
  expect(connectionAttributes(protocol)).toMatchObject({ 'server.address': '::1', 'server.port': 3000 });
});
