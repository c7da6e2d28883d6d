import { redisText, scriptOf } from '../src/templates/redis-text.ts';

test.each<[command: string, args: unknown[], text: string]>([
  ['SET', ['songs:1', 's3cr3t', 'EX', 60], 'SET songs:1 ? ? ?'],
  ['GET', ['songs:1'], 'GET songs:1'],
  ['MGET', ['songs:1', 'songs:2'], 'MGET songs:1 songs:2'],
  ['MSET', ['songs:1', 's3cr3t', 'songs:2', 's3cr3t'], 'MSET songs:1 ? songs:2 ?'],
  ['HSET', ['songs:1', 'title', 's3cr3t', 'year', 's3cr3t'], 'HSET songs:1 title ? year ?'],
  ['HMSET', ['songs:1', 'title', 's3cr3t'], 'HMSET songs:1 title ?'],
  ['HINCRBY', ['songs:1', 'plays', 1], 'HINCRBY songs:1 plays ?'],
  ['GETSET', ['songs:1', 's3cr3t'], 'GETSET songs:1 ?'],
  ['PSETEX', ['songs:1', 60, 's3cr3t'], 'PSETEX songs:1 ? ?'],
  ['PUBLISH', ['charts', 's3cr3t'], 'PUBLISH charts ?'],
  ['JSON.SET', ['songs:1', '$', 's3cr3t'], 'JSON.SET songs:1 ? ?'],
  ['EVAL', ["return 's3cr3t'", 1, 'songs:1'], 'EVAL ? ? ?'],
  ['EVALSHA', ['a1b2', 1, 'songs:1'], 'EVALSHA a1b2 ? ?'],
  ['FCALL', ['play', 1, 'songs:1'], 'FCALL play ? ?'],
  ['AUTH', ['app', 's3cr3t'], 'AUTH ? ?'],
  ['HELLO', [3, 'AUTH', 'app', 's3cr3t'], 'HELLO ? ? ? ?'],
  ['CONFIG', ['SET', 'requirepass', 's3cr3t'], 'CONFIG SET ? ?'],
  ['ACL', ['SETUSER', 'app', '>s3cr3t'], 'ACL SETUSER ? ?'],
  ['CLIENT', ['s3cr3t word'], 'CLIENT ?'],
  ['MIGRATE', ['host', 6379, 'songs:1', 0, 10, 'AUTH', 's3cr3t'], 'MIGRATE ? ? ? ? ? ? ?'],
  ['VAULT.LOGIN', ['s3cr3t'], 'VAULT.LOGIN ?'],
  ['GET', [Buffer.from('s3cr3t')], 'GET ?'],
  ['GET', ['a "b"\n'], String.raw`GET "a \"b\"\n"`],
  ['PING', [], 'PING'],
])('%s %j has the text %s', (command, args, text) => {
  expect(redisText(command, args)).toBe(text);
});

test('the text of a command with many or long names is bounded', () => {
  expect(redisText('DEL', Array(100_000).fill('k'))).toBe(`DEL${' k'.repeat(64)} …`);
  expect(redisText('GET', ['k'.repeat(1_000_000)])).toBe(`GET ${'k'.repeat(256)}…`);
});

test('a script is named by its digest, a function by its name', () => {
  expect(scriptOf('EVALSHA', ['a1b2', 0])).toBe('a1b2');
  expect(scriptOf('FCALL_RO', ['play', 0])).toBe('play');
  expect(scriptOf('EVAL', ["return 's3cr3t'", 0])).toBeUndefined();
});
