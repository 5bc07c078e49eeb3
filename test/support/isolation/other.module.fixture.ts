import { describeReplacedModule } from './replaced-module.js';

describeReplacedModule();
