// Does nothing: measures the startup of the runtime and of what was loaded before this file.
process.stdout.write(String(process.memoryUsage.rss()));
