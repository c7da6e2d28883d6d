declare module 'koa2';
declare module 'koa-mount';
declare module 'koa-router';
declare module 'koa-router10';
declare module 'koa-router12';
declare module 'koa-router13';
