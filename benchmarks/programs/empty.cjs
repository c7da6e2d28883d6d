// Nothing: what is left is the start of the runtime and of what was loaded before this file.
process.stdout.write(String(process.memoryUsage.rss()));
