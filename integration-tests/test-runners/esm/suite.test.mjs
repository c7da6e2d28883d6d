import '../toy/suite.cjs';
