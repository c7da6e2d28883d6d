declare module 'pg-8.0';
