import { type OptionKinds, resolveOptions } from '@clew/core/internal';
import type { OptionKind } from '@clew/core/plugin';
import { diag } from '@opentelemetry/api';
import type { InstalledPlugin } from './discovery.ts';
import type { Environment } from './environment.ts';
import type { PluginOptions } from './init-options.ts';
import { loadExport } from './load-export.ts';
import { expectRecord } from './option-checks.ts';
import { classOf } from './plugin-class.ts';

/** Which of the installed plugins are wanted: `OTEL_NODE_ENABLED_INSTRUMENTATIONS`, `OTEL_NODE_DISABLED_INSTRUMENTATIONS`, `plugins: { koa: false }`. */
export function wantedPlugins(
  installed: readonly InstalledPlugin[],
  given: PluginOptions,
  environment: Environment,
): InstalledPlugin[] {
  const enabled = environment.list('OTEL_NODE_ENABLED_INSTRUMENTATIONS');
  const unknown = enabled?.find((name) => installed.every(({ shortName }) => shortName !== name));
  if (unknown !== undefined)
    environment.warn(
      'OTEL_NODE_ENABLED_INSTRUMENTATIONS',
      `a list of installed plugins (${shortNames(installed)})`,
      unknown,
    );
  const disabled = environment.list('OTEL_NODE_DISABLED_INSTRUMENTATIONS') ?? [];
  return installed.filter(
    ({ shortName }) =>
      given[shortName] !== false && !disabled.includes(shortName) && (enabled?.includes(shortName) ?? true),
  );
}

/**
 * Throws for options of a plugin that is not installed, and for wrong ones: a plugin that is given options is
 * loaded for it.
 */
export function expectPluginOptions(installed: readonly InstalledPlugin[], given: PluginOptions): void {
  for (const [name, options] of Object.entries(given)) {
    const plugin = installed.find(({ shortName }) => shortName === name);
    if (plugin === undefined) {
      throw new TypeError(
        `@clew/node: expected plugins.${name} to be an installed plugin (${shortNames(installed)})`,
      );
    }
    if (options === false) continue;
    expectRecord(`plugins.${name}`, 'an object of options, or false', options);
    const kinds = classOf(plugin)?.definition.options;
    if (kinds !== undefined) resolveOptions(plugin.name, kinds, options);
  }
}

function shortNames(installed: readonly InstalledPlugin[]): string {
  return installed.map(({ shortName }) => shortName).join(', ') || 'none';
}

/** The options of one plugin: given ones over `CLEW_<PLUGIN>_<OPTION>`. */
export function optionsOf(
  plugin: InstalledPlugin,
  kinds: OptionKinds,
  given: PluginOptions,
  environment: Environment,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  const prefix = `CLEW_${upperSnake(plugin.shortName)}_`;
  for (const [rest, text] of environment.under(prefix)) {
    const name = Object.keys(kinds).find((each) => upperSnake(each) === rest);
    const kind: OptionKind<unknown> | undefined = name === undefined ? undefined : kinds[name];
    if (name === undefined || kind?.read === undefined) {
      environment.warn(prefix + rest, `an option of ${plugin.name}`, text);
      continue;
    }
    const value = kind.read(text, {
      load: loadExport,
      warn: (reason) => diag.warn(`@clew/node: in ${prefix}${rest} ${reason}`),
    });
    if (kind.accepts(value)) options[name] = value;
    else environment.warn(prefix + rest, kind.expected, text);
  }
  const merged = { ...options, ...given[plugin.shortName] };
  resolveOptions(plugin.name, kinds, merged);
  return merged;
}

/** `slowLayerMs` → `SLOW_LAYER_MS`, `aws-sdk` → `AWS_SDK`. */
export function upperSnake(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase();
}
