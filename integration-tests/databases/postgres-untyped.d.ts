// Modules without types.
declare module 'pg-8.0';
declare module 'pg-copy-streams';
