import type { ClientCall } from '@clew/core/plugin';
import { requestAttributes, shorten } from '../src/message-attributes.ts';
import { failRequest } from '../src/outcome.ts';
import type { Message } from '../src/protocol.ts';

// What comes from a peer is cut between characters: half of a surrogate pair can't be encoded in UTF-8.

test('a name that is too long is cut between characters', () => {
  expect(shorten(`${'a'.repeat(127)}🎵`)).toBe('a'.repeat(127));
  expect(shorten(`${'a'.repeat(126)}🎵`)).toBe(`${'a'.repeat(126)}🎵`);
});

test('the address of a resource that is too long is cut between characters', () => {
  const uri = `file:///${'a'.repeat(1015)}`;
  const message = { method: 'resources/read', params: { uri: `${uri}🎵` } } as unknown as Message;
  expect(requestAttributes(message)['mcp.resource.uri']).toBe(uri);
});

test('the message of an error that is too long is cut between characters', () => {
  const setStatus = jest.fn();
  const call = {
    fail: () => {},
    span: { setAttribute: () => {}, setAttributes: () => {}, setStatus },
  } as unknown as ClientCall;
  failRequest(call, new Error('refused'), { code: -32_602, message: `${'a'.repeat(4095)}🎵` }, false);
  expect(setStatus.mock.lastCall).toEqual([{ code: 2, message: 'a'.repeat(4095) }]);
});
