module.exports = {
  testEnvironment: 'jsdom',
  testMatch: ['**/*.spec.cjs'],
  fakeTimers: { enableGlobally: true },
};
