import { type Ended, program, run, TYPESCRIPT } from './child.ts';
import { WRONG_OPTIONS } from './option-cases.ts';

describe('an invalid option', () => {
  let ended: Ended;
  let seen: { messages: string[]; recording: boolean };

  beforeAll(async () => {
    ended = await run([...TYPESCRIPT, program('wrong-options.ts')]);
    seen = JSON.parse(ended.stdout);
  });

  test.each(WRONG_OPTIONS.map(([options, message], index) => [index, options, message] as const))(
    '%i: %j throws a TypeError',
    (index, _options, message) => {
      const exact = message.startsWith('@clew/');
      if (exact) expect(seen.messages[index]).toBe(message);
      else expect(seen.messages[index]).toMatch(new RegExp(message));
    },
  );

  test('has no effect on a following valid call', () => {
    expect(seen.recording).toBe(true);
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
  });
});
