require('./console-work.cjs').run();
