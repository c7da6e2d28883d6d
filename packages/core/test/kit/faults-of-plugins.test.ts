import { defineInstrumentation } from '@clew/core/plugin';
import { trace } from '@opentelemetry/api';
import { amplify, cleanUp, define, failed, make, publish, type SongTools, songs } from './songs-plugin.ts';

cleanUp();

describe('a failure in a plugin does not reach the application:', () => {
  test('a patch', () => {
    const instance = make(
      {},
      define(() => {
        throw new Error('no such function');
      }),
    );
    expect(() => instance.instrument(songs())).not.toThrow();
    expect(failed).toHaveBeenCalledWith(
      expect.stringContaining('@clew/instrumentation-songs on songs failed'),
      new Error('no such function'),
    );
  });

  test('exports that can’t be changed', () => {
    const exports = Object.freeze(songs());
    expect(() => make().instrument(exports)).not.toThrow();
    expect(exports.play('la')).toBe('la');
  });

  test('a listener of a channel', () => {
    const Class = defineInstrumentation({
      name: '@clew/instrumentation-broken',
      version: '1.0.0',
      options: {},
      targets: [
        {
          channel: 'songs:played',
          watch: (tools) =>
            tools.subscribe('songs:played', () => {
              throw new Error('broken listener');
            }),
        },
      ],
    });
    const instance = new Class();
    expect(() => publish('one')).not.toThrow();
    expect(failed).toHaveBeenCalledTimes(1);
    instance.disable();
  });

  test('a user’s hook, which is called with its arguments and whose result is returned', () => {
    let tools: SongTools | undefined;
    make(
      {},
      define((_exports, given) => {
        tools = given;
      }),
    ).instrument(songs());
    const span = trace.getTracer('songs').startSpan('play');
    const onSpan = jest.fn((..._given: unknown[]): unknown => {
      throw new Error('broken hook');
    });
    expect(tools?.callHook(onSpan, span, 'info')).toBeUndefined();
    expect(tools?.callHook(undefined, span, 'info')).toBeUndefined();
    expect(tools?.callHook((text: string) => text.length, 'info')).toBe(4);
    expect(onSpan).toHaveBeenCalledWith(span, 'info');
    expect(failed).toHaveBeenCalledWith(
      expect.stringContaining('a hook of @clew/instrumentation-songs failed'),
      new Error('broken hook'),
    );
  });

  test('a user’s async hook, whose rejection is reported', async () => {
    let tools: SongTools | undefined;
    make(
      {},
      define((_exports, given) => {
        tools = given;
      }),
    ).instrument(songs());
    const rejected = jest.fn();
    process.on('unhandledRejection', rejected);
    const result = tools?.callHook(async () => {
      throw new Error('broken async hook');
    });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', rejected);
    await expect(result).rejects.toThrow('broken async hook');
    expect(rejected).not.toHaveBeenCalled();
  });

  test('an undo function: the others are still called', () => {
    const exports = songs();
    const instance = make(
      {},
      define((moduleExports, tools) => {
        amplify(moduleExports, tools);
        tools.onDisable(() => {
          throw new Error('broken undoing');
        });
      }),
    );
    instance.instrument(exports);
    expect(() => instance.disable()).not.toThrow();
    expect(exports.play('la')).toBe('la');
  });
});
