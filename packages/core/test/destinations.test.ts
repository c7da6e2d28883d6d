import { destinationDecider, isDestinations } from '../src/propagation/destinations.ts';

describe('destinations', () => {
  test.each<[Parameters<typeof destinationDecider>[0], string, string | undefined, boolean]>([
    ['all', 'evil.example', undefined, true],
    ['none', 'localhost', 'localhost', false],
    ['same-origin', 'shop.example:8080', 'Shop.example:8080', true],
    ['same-origin', 'shop.example', 'shop.example:8080', false],
    ['same-origin', 'shop.example', undefined, false],
    ['same-origin', 'shop.example:443', 'shop.example', true],
    ['same-origin', 'shop.example:8443', 'shop.example', false],
    [['localhost'], '/run/shop.sock', 'localhost', false],
    [['/run/shop.sock'], '/run/shop.sock', undefined, true],
    [['api.example'], 'api.example', undefined, true],
    [['api.example'], 'API.example:443', undefined, true],
    [['api.example:8080'], 'api.example:443', undefined, false],
    [['api.example:8080'], 'api.example:8080', undefined, true],
    [['*.internal'], 'orders.internal:9000', undefined, true],
    [['*.internal'], 'a.b.internal', undefined, true],
    [['*.internal'], 'internal', undefined, false],
    [['*.internal'], 'evilinternal', undefined, false],
    [['*.internal'], 'orders.internal.evil.example', undefined, false],
    [['[::1]'], '[::1]:3000', undefined, true],
    [['*'], 'anything', undefined, true],
    [[], 'anything', undefined, false],
  ])('%j allows the host %s, where %s is served: %s', (destinations, host, served, expected) => {
    const allows = destinationDecider(destinations);
    expect([allows(host, served), allows(host, served)]).toEqual([expected, expected]);
  });

  test('a list caches at most a thousand hosts', () => {
    const allows = destinationDecider(['*.internal']);
    for (let i = 0; i < 5000; i++) expect(allows(`host-${i}.internal`, undefined)).toBe(true);
    expect(allows('host-1.example', undefined)).toBe(false);
  });

  test.each([
    ['all', true],
    ['everyone', false],
    [['a'], true],
    [['a', ''], false],
    [[7], false],
    [undefined, false],
  ])('%j is a valid option: %s', (value, expected) => {
    expect(isDestinations(value)).toBe(expected);
  });
});
