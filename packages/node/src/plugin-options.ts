import { type OptionKinds, resolveOptions } from '@clew/core/internal';
import { diag } from '@opentelemetry/api';
import type { Environment } from './environment.ts';
import { loadExport } from './load-export.ts';
import { expectRecord } from './option-checks.ts';
import { classOf } from './plugin-class.ts';
import type { InstalledPlugin } from './plugin-manifest.ts';

/** What JavaScript may pass as `init({ plugins })`. */
type GivenPlugins = Readonly<Record<string, Readonly<Record<string, unknown>> | false>>;

/**
 * Returns the enabled plugins among the installed ones, by `OTEL_NODE_ENABLED_INSTRUMENTATIONS`,
 * `OTEL_NODE_DISABLED_INSTRUMENTATIONS` and `plugins: { koa: false }`, each with short names or package names. Of
 * several plugins with one short name the first is used, with one warning. `others` are further names allowed in
 * the variables.
 */
export function wantedPlugins(
  installed: readonly InstalledPlugin[],
  given: GivenPlugins,
  environment: Environment,
  others: readonly string[] = [],
): InstalledPlugin[] {
  const enabled = environment.list('OTEL_NODE_ENABLED_INSTRUMENTATIONS');
  const unknown = enabled?.find((name) => !others.includes(name) && !installed.some(named(name)));
  if (unknown !== undefined)
    environment.warn(
      'OTEL_NODE_ENABLED_INSTRUMENTATIONS',
      `a list of installed plugins (${shortNames(installed)})`,
      unknown,
    );
  const wanted = installed.filter(isWantedBy(given, environment));
  return withoutDoubles(wanted);
}

function isWantedBy(given: GivenPlugins, environment: Environment): (plugin: InstalledPlugin) => boolean {
  const isWanted = instrumentationFilter(environment);
  return ({ name, shortName }) =>
    given[shortName] !== false && given[name] !== false && isWanted(name, shortName);
}

/**
 * Whether `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and `OTEL_NODE_DISABLED_INSTRUMENTATIONS` enable one of these
 * names.
 */
export function instrumentationFilter(environment: Environment): (...names: string[]) => boolean {
  const enabled = environment.list('OTEL_NODE_ENABLED_INSTRUMENTATIONS');
  const disabled = environment.list('OTEL_NODE_DISABLED_INSTRUMENTATIONS') ?? [];
  return (...names) =>
    !names.some((name) => disabled.includes(name)) &&
    (enabled === undefined || names.some((name) => enabled.includes(name)));
}

function withoutDoubles(plugins: readonly InstalledPlugin[]): InstalledPlugin[] {
  const used = new Map<string, InstalledPlugin>();
  for (const plugin of plugins) {
    const first = used.get(plugin.shortName);
    if (first === undefined) used.set(plugin.shortName, plugin);
    else
      diag.warn(
        `@clew/node: ${first.name} and ${plugin.name} are both called "${plugin.shortName}" in options: only ` +
          `${first.name} is used; disable one of them: OTEL_NODE_DISABLED_INSTRUMENTATIONS=${first.name}`,
      );
  }
  return [...used.values()];
}

/**
 * Throws for options of a plugin that is not installed, and for invalid options. Loads the plugins with options,
 * because their code defines which options exist.
 */
export function expectPluginOptions(
  installed: readonly InstalledPlugin[],
  given: GivenPlugins,
  environment: Environment,
): void {
  for (const [name, options] of Object.entries(given)) {
    const candidates = installed.filter(named(name));
    const plugin = candidates.find(isWantedBy(given, environment)) ?? candidates[0];
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

function named(name: string): (plugin: InstalledPlugin) => boolean {
  return (plugin) => plugin.shortName === name || plugin.name === name;
}

function shortNames(installed: readonly InstalledPlugin[]): string {
  return installed.map(({ shortName }) => shortName).join(', ') || 'none';
}

/**
 * Resolves the options of one plugin: given ones override `CLEW_<PLUGIN>_<OPTION>`, those by package name override
 * those by short name.
 */
export function optionsOf(
  plugin: InstalledPlugin,
  kinds: OptionKinds,
  given: GivenPlugins,
  environment: Environment,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  const prefix = `CLEW_${upperSnake(plugin.shortName)}_`;
  for (const variable of environment.under(prefix)) {
    const [name, kind] = Object.entries(kinds).find(([each]) => prefix + upperSnake(each) === variable) ?? [];
    if (name === undefined || kind?.read === undefined) {
      environment.warn(variable, `an option of ${plugin.name}`, environment.text(variable) ?? '');
      continue;
    }
    const warn = (reason: string) => diag.warn(`@clew/node: in ${variable} ${reason}`);
    const value = environment.option(variable, kind, { load: loadExport, warn });
    if (value !== undefined) options[name] = value;
  }
  const merged = { ...options, ...given[plugin.shortName], ...given[plugin.name] };
  resolveOptions(plugin.name, kinds, merged);
  return merged;
}

/** `slowLayerMs` → `SLOW_LAYER_MS`, `aws-sdk` → `AWS_SDK`, `socket.io` → `SOCKET_IO`. */
export function upperSnake(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/[^\w]/g, '_')
    .toUpperCase();
}
