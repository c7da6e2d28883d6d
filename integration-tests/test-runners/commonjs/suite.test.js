require('../toy/suite.cjs');
