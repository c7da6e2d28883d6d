import { HeaderTable, isEmptyTable } from '../src/header-table.ts';

test('a table has nothing but what is set, whatever somebody adds to all objects', () => {
  const table = new HeaderTable();
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

test.each([
  ['what amqplib makes for a message without headers', Object.create(null), true],
  ['the same with a copy to somebody', Object.assign(Object.create(null), { CC: ['audit'] }), false],
  ['what amqplib makes of headers of the program', Object.create({ tenant: 'a' }), false],
  ['an object of the program', {}, false],
  ['a table of ours', new HeaderTable(), false],
])('%s: whether it may be replaced', (_what, table, empty) => {
  expect(isEmptyTable(table)).toBe(empty);
});
