// The versions of amqplib without types, which have the same exports.
declare module 'amqplib-0.10' {
  export { default } from 'amqplib';
}
declare module 'amqplib-0.10/callback_api' {
  export { default } from 'amqplib/callback_api';
}
declare module 'amqplib-0.10.0' {
  export { default } from 'amqplib';
}
declare module 'amqplib-0.10.0/callback_api' {
  export { default } from 'amqplib/callback_api';
}
