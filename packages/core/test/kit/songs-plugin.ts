import diagnostics from 'node:diagnostics_channel';
import { type ClewInstrumentation, defineInstrumentation, option, type Tools } from '@clew/core/plugin';
import { DiagLogLevel, diag, type Span } from '@opentelemetry/api';

export const options = {
  loud: option.boolean(false),
  mode: option.oneOf(['a', 'b'], 'a'),
  onSpan: option.hook<(span: Span) => void>(),
};
export type SongTools = Tools<{ loud: boolean; mode: 'a' | 'b'; onSpan: ((span: Span) => void) | undefined }>;

export interface Songs {
  play(note: string): string;
}

export const songs = (): Songs => ({ play: (note) => note });

/** A plugin that changes the volume of songs. */
export const define = (patch: (moduleExports: unknown, tools: SongTools) => void = amplify) =>
  defineInstrumentation({
    name: '@clew/instrumentation-songs',
    version: '1.0.0',
    options,
    targets: [
      { module: 'songs', versions: ['>=1 <3'], patch },
      { module: 'songs-file', versions: ['>=1'], file: 'lib/play.js', patch },
      { channel: 'songs:played', watch },
    ],
  });

export function amplify(moduleExports: unknown, tools: SongTools): void {
  tools.wrap<Songs['play']>(
    moduleExports as Songs,
    'play',
    (play) =>
      function (this: Songs, note) {
        const played = play.call(this, note);
        return tools.options.loud ? played.toUpperCase() : `(${played})`;
      },
  );
}

export const heard: unknown[] = [];
function watch(tools: SongTools): void {
  tools.subscribe('songs:played', (message) => heard.push(message));
}

export const publish = (message: unknown) => diagnostics.channel('songs:played').publish(message);
export const warned = jest.fn();
export const failed = jest.fn();
let made: ClewInstrumentation<typeof options>[] = [];

/** Creates an instance that is disabled after the test. */
export function make(given?: object, Class = define()): ClewInstrumentation<typeof options> {
  const instance = new Class(given);
  made.push(instance);
  return instance;
}

/** For a whole file: disables instances after each test, and records the calls of `diag`. */
export function cleanUp(): void {
  beforeAll(() => {
    const nothing = () => {};
    diag.setLogger(
      { error: failed, warn: warned, info: nothing, debug: nothing, verbose: nothing },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
  });
  afterEach(() => {
    for (const instance of made) instance.disable();
    made = [];
    heard.length = 0;
    warned.mockClear();
    failed.mockClear();
  });
  afterAll(() => diag.disable());
}
