// For the packages of Clew only: these exports may change in any release.

export { type Application, readApplication } from './application.ts';
export { findPlugins } from './discovery.ts';
export type { InstalledPlugin, StatedTarget } from './plugin-manifest.ts';
