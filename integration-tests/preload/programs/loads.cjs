// Prints which plugins are loaded, at the start and after loading each module that the arguments name.
const plugins = () =>
  Object.keys(require.cache)
    .map((file) => /instrumentation-([\w-]+)[\\/]dist/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();

const loaded = [plugins()];
for (const name of process.argv.slice(2)) {
  require(name);
  loaded.push(plugins());
}
process.stdout.write(JSON.stringify(loaded));
