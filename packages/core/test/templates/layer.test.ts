import { runInNewContext } from 'node:vm';
import { rootContext } from '@clew/core';
import type { LayerRun } from '@clew/core/plugin';
import { settleLayer } from '../../src/templates/layer.ts';

/** A run that records how it ends. */
function noting(notes: unknown[]): LayerRun {
  return {
    context: undefined,
    ended: false,
    recording: true,
    inside: (call) => call(),
    following: () => rootContext,
    fail: (error) => notes.push(error),
    end: () => notes.push('end'),
  };
}

describe.each([
  ['this realm', (script: string) => new Function(`return ${script}`)()],
  ['another realm', (script: string) => runInNewContext(script)],
])('a layer of %s', (_title, evaluate) => {
  test('ends when its promise has settled', async () => {
    const notes: unknown[] = [];
    const value = settleLayer(noting(notes), evaluate('async () => { await undefined; return 7; }'));
    expect(notes).toEqual([]);
    expect(await value).toBe(7);
    expect(notes).toEqual(['end']);
  });

  test('fails when its promise rejects, and the error is rethrown', async () => {
    const notes: unknown[] = [];
    const value = settleLayer(noting(notes), evaluate('async () => { await undefined; throw "late"; }'));
    await expect(value).rejects.toBe('late');
    expect(notes).toEqual(['late', 'end']);
  });
});
