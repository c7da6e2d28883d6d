/** What the build does not check: the tests, and the sources and tests that use types of browsers. */
export const testProjects = [
  'tsconfig.tests.json',
  'packages/viewer/web/tsconfig.json',
  'packages/viewer/test/page/tsconfig.json',
];
