// Lets the wall clock of this process jump, as the clock of a machine does that is set. Monotonic clocks are not affected.
const RealDate = Date;
let offset = 0;

/** @param {number} ms how far the clock is moved, forwards or backwards */
globalThis.jumpClock = (ms) => {
  offset += ms;
};

globalThis.Date = class JumpingDate extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + offset);
    else super(...given);
  }

  static now() {
    return RealDate.now() + offset;
  }
};
