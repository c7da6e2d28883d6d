import { perObject } from '@clew/core/plugin';

test('each object has one result', () => {
  const made: object[] = [];
  const make = perObject((key: object) => {
    made.push(key);
    return { key };
  });
  const [one, other] = [{}, {}];
  expect(make(one)).toBe(make(one));
  expect(make(other).key).toBe(other);
  expect(made).toEqual([one, other]);
});
