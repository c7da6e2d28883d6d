declare module 'hapi20';
