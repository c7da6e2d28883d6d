import { prepareEncoder, tableOf } from '../src/header-table.ts';

const amqplibs = () => Object.create(null) as Record<string, unknown>;

test('until the encoder is prepared, every message keeps its own table', () => {
  const own = amqplibs();
  expect(tableOf(own)).toBe(own);
  for (const none of [undefined, null]) expect(Object.getPrototypeOf(tableOf(none))).toBe(null);
});

describe('when the encoder is prepared', () => {
  const shown: object[] = [];

  beforeAll(() => {
    prepareEncoder((_buffer, table) => shown.push(table));
  });

  test('it has seen dictionaries with several names, often enough to be remembered', () => {
    expect(shown.length).toBeGreaterThanOrEqual(20);
    for (const table of shown) {
      expect(Object.getPrototypeOf(table)).toBe(null);
      expect(Object.keys(table).length).toBeGreaterThan(1);
    }
  });

  test('a table has nothing but what is set, whatever somebody adds to all objects', () => {
    const table = tableOf(undefined);
    const polluted = Object.prototype as unknown as Record<string, unknown>;
    polluted.everywhere = true;
    try {
      table.traceparent = '00';
      const keys: string[] = [];
      for (const key in table) keys.push(key);
      expect(keys).toEqual(['traceparent']);
      expect('toString' in table).toBe(false);
    } finally {
      Reflect.deleteProperty(polluted, 'everywhere');
    }
  });

  test('a message whose headers are null gets a table', () => {
    expect('toString' in tableOf(null)).toBe(false);
  });

  test('a table of ours stays', () => {
    const ours = tableOf(undefined);
    expect(tableOf(ours)).toBe(ours);
  });

  test.each([
    ['what amqplib makes for a message without headers', amqplibs(), true],
    ['the same with a copy to somebody', Object.assign(amqplibs(), { CC: ['audit'] }), false],
    ['what amqplib makes of headers of the program', Object.create({ tenant: 'a' }), false],
    ['an object of the program', {}, false],
  ])('%s: whether it is replaced', (_what, table, replaced) => {
    expect(tableOf(table) !== table).toBe(replaced);
  });
});
