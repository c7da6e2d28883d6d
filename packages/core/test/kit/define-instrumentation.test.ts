import diagnostics from 'node:diagnostics_channel';
import { defineInstrumentation } from '@clew/core/plugin';
import { cleanUp, define, heard, make, publish, type SongTools, songs, warned } from './songs-plugin.ts';

cleanUp();

describe('an instance', () => {
  test('patches given exports, subscribes to its channels, and undoes both', () => {
    const [exports, play] = [songs(), songs().play];
    const original = exports.play;
    const instance = make();
    instance.instrument(exports);
    publish('one');
    expect(exports.play('la')).toBe('(la)');
    expect(heard).toEqual(['one']);
    instance.disable();
    publish('two');
    expect(exports.play).toBe(original);
    expect(exports.play('la')).toBe(play('la'));
    expect(heard).toEqual(['one']);
    expect(diagnostics.hasSubscribers('songs:played')).toBe(false);
  });

  test('patches all copies of a module again when it is re-enabled', () => {
    const copies = [songs(), songs()];
    const instance = make();
    for (const copy of copies) instance.instrument(copy);
    for (const times of [1, 2]) {
      instance.disable();
      expect(copies.map((copy) => copy.play('la'))).toEqual(['la', 'la']);
      instance.enable();
      expect(copies.map((copy) => copy.play('la'))).toEqual(['(la)', '(la)']);
      publish(times);
    }
    expect(heard).toEqual([1, 2]);
  });

  test('patches a module once, however often it is loaded', () => {
    const patch = jest.fn();
    const exports = songs();
    const instance = make({}, define(patch));
    instance.instrument(exports);
    instance.instrument(exports);
    instance.instrument({ default: exports, [Symbol.toStringTag]: 'Module' });
    instance.enable();
    instance.enable();
    expect(patch.mock.calls.map(([given]) => given)).toEqual([exports]);
    instance.disable();
    instance.disable();
    instance.enable();
    expect(patch).toHaveBeenCalledTimes(2);
  });

  test('patches a class once, even if it is reached through several instances', () => {
    class Channel {}
    const [patched, undone] = [jest.fn(), jest.fn()];
    const patch = (_exports: unknown, tools: SongTools) => {
      for (let count = 0; count < 3; count++)
        tools.once(Channel.prototype, () => {
          patched();
          tools.onDisable(undone);
        });
    };
    const instance = make({}, define(patch));
    instance.instrument(songs());
    expect(patched).toHaveBeenCalledTimes(1);
    instance.disable();
    expect(undone).toHaveBeenCalledTimes(1);
    instance.enable();
    expect(patched).toHaveBeenCalledTimes(2);
  });

  test('gives the plugin tools that can be copied and inherited', () => {
    let tools: SongTools | undefined;
    make(
      {},
      define((_exports, given) => {
        tools = given;
      }),
    ).instrument(songs());
    const inherited: SongTools = Object.create(tools as SongTools);
    expect(Object.keys({ ...tools })).toEqual(expect.arrayContaining(['options', 'meter', 'wrap']));
    expect([inherited.name, inherited.meter]).toEqual([tools?.name, tools?.meter]);
  });

  test('updates the named exports of an ES module to those of the CommonJS module that it wraps', () => {
    const exports = { ...songs(), sing: () => 'la' };
    const { play, sing } = exports;
    const another = () => 'another';
    const lazy = jest.fn();
    Object.defineProperty(exports, 'lazy', { get: lazy, enumerable: true });
    const whole = { play, sing, lazy: undefined, default: exports, [Symbol.toStringTag]: 'Module' };
    const dual = { play: another, default: exports, [Symbol.toStringTag]: 'Module' };
    const instance = make();
    for (const module of [exports, whole, dual]) instance.instrument(module);
    for (const times of [1, 2]) {
      expect([times, whole.play, whole.sing, dual.play]).toEqual([times, exports.play, sing, another]);
      expect(whole.play('la')).toBe('(la)');
      instance.disable();
      expect([whole.play, whole.sing, dual.play]).toEqual([play, sing, another]);
      instance.enable();
    }
    expect(lazy).not.toHaveBeenCalled();
  });

  test('created with enabled: false does nothing until it is enabled', () => {
    const instance = make({ enabled: false });
    publish('one');
    instance.enable();
    publish('two');
    expect(heard).toEqual(['two']);
  });

  test('finds the target of a file by its module, and by its file if there are several', () => {
    for (const file of [undefined, 'lib/play.js']) {
      const exports = songs();
      const instance = make();
      instance.instrument(exports, 'songs-file', file);
      expect(exports.play('la')).toBe('(la)');
      instance.disable();
    }
  });

  test('registers module hooks for main modules and files', () => {
    const definitions = (
      make() as unknown as { getModuleDefinitions(): { name: string; files: { name: string }[] }[] }
    ).getModuleDefinitions();
    expect(definitions).toMatchObject([
      { name: 'songs', supportedVersions: ['>=1 <3'], files: [] },
      { name: 'songs-file', files: [{ name: 'songs-file/lib/play.js', supportedVersions: ['>=1'] }] },
    ]);
  });

  test('throws for an unknown target', () => {
    expect(() => make().instrument(songs(), 'poems')).toThrow(
      new TypeError(
        '@clew/instrumentation-songs: no target poems; the targets are songs, songs-file/lib/play.js',
      ),
    );
    expect(() => make().instrument(songs(), 'songs', 'lib/play.js')).toThrow(
      'no target songs/lib/play.js; the targets are songs, songs-file/lib/play.js',
    );
  });

  test('has the definition of its class, and its name as scope', () => {
    const Class = define();
    expect(Class.definition.targets).toHaveLength(3);
    const instance = make({}, Class);
    expect([instance.instrumentationName, instance.instrumentationVersion]).toEqual([
      '@clew/instrumentation-songs',
      '1.0.0',
    ]);
  });
});

describe('options', () => {
  test('take effect at run time', () => {
    const exports = songs();
    const instance = make({ loud: true });
    instance.instrument(exports);
    expect(exports.play('la')).toBe('LA');
    instance.setConfig({});
    expect(exports.play('la')).toBe('(la)');
  });

  test('that are invalid make the constructor and setConfig throw, and change nothing', () => {
    expect(() => make({ mode: 'c' })).toThrow(
      new TypeError('@clew/instrumentation-songs: expected mode to be "a" | "b", got "c"'),
    );
    const exports = songs();
    const instance = make({ loud: true });
    instance.instrument(exports);
    expect(() => instance.setConfig({ mode: 'c' as 'a' })).toThrow(TypeError);
    expect(exports.play('la')).toBe('LA');
  });

  test('that are invalid do not block another instance', () => {
    expect(() => make({ louder: true })).toThrow(
      new TypeError(
        '@clew/instrumentation-songs: there is no option "louder"; the options are loud, mode, onSpan',
      ),
    );
    const exports = songs();
    make().instrument(exports);
    expect(exports.play('la')).toBe('(la)');
  });
});

describe('a second instance', () => {
  test('does nothing and logs a warning, until the first is disabled', () => {
    const [first, second] = [make({ loud: true }), make()];
    const exports = songs();
    second.instrument(exports);
    first.instrument(exports);
    publish('one');
    expect(exports.play('la')).toBe('LA');
    expect(heard).toEqual(['one']);
    expect(warned).toHaveBeenCalledWith(
      expect.stringContaining('@clew/instrumentation-songs is in use already'),
    );
    second.disable();
    expect(exports.play('la')).toBe('LA');
    first.disable();
    second.enable();
    second.instrument(exports);
    expect(exports.play('la')).toBe('(la)');
  });

  test('of another copy of the package is detected too', () => {
    make();
    jest.isolateModules(() => {
      const copy = jest.requireActual<typeof import('@clew/core/plugin')>('@clew/core/plugin');
      expect(copy.defineInstrumentation).not.toBe(defineInstrumentation);
      const Class = copy.defineInstrumentation({
        name: '@clew/instrumentation-songs',
        version: '2.0.0',
        options: {},
        targets: [{ channel: 'songs:played', watch: () => heard.push('a listener of the copy') }],
      });
      new Class();
    });
    expect(heard).toEqual([]);
  });
});
