import { CodeProvider } from '../src/providers/code-provider.ts';
import { idOf, SetsInForce } from './sets-in-force.ts';

describe('policies set by the application', () => {
  test('are in force at once, whether they are set before or after the start', () => {
    const provider = new CodeProvider();
    provider.set([{ id: 'first', keep: { always: true } }]);
    const sets = SetsInForce.of(provider);
    expect(idOf(sets.policies)).toBe('first');
    provider.set({ policies: [{ id: 'second', keep: { never: true } }] });
    expect(idOf(sets.policies)).toBe('second');
    expect(provider.stats()).toEqual({ loads: 2, unchanged: 0, failures: {}, version: '2' });
  });

  test('are refused if they are invalid, and the last ones stay in force', () => {
    const provider = new CodeProvider();
    const sets = SetsInForce.of(provider);
    provider.set([{ id: 'good', keep: { always: true } }]);
    expect(() => provider.set([{ id: 'bad', keep: { ratio: 2 } }])).toThrow('policies[0].keep.ratio');
    expect(idOf(sets.policies)).toBe('good');
    expect(sets.all).toHaveLength(1);
    provider.stop();
    provider.set([{ id: 'late', keep: { always: true } }]);
    expect(sets.all).toHaveLength(1);
  });
});
