// Does nothing: measures the start-up of Node and of the modules that are loaded before this file.
process.stdout.write(String(process.memoryUsage.rss()));
