import { mergeGrants, type RptContext } from '../../../lib/uma/guard/rpt-context.js';

const view = { resource_id: 'a', resource_scopes: ['view'] };
const edit = { resource_id: 'b', resource_scopes: ['edit'] };

describe('mergeGrants', () => {
  it.each<[string, RptContext[], RptContext]>([
    ['nothing', [], {}],
    ['one', [{ permissions: [view], sub: 'zoe' }], { permissions: [view], sub: 'zoe' }],
    [
      'each permission once',
      [{ permissions: [view] }, { permissions: [edit, view] }],
      { permissions: [view, edit] },
    ],
    ['no permissions where none are told', [{}, {}], {}],
    ['an empty list where that is told', [{ permissions: [] }], { permissions: [] }],
    ['the subject that all tell', [{ sub: 'zoe' }, { sub: 'zoe' }], { sub: 'zoe' }],
    ['no subject where they differ', [{ sub: 'zoe' }, { sub: 'yan' }], {}],
    ['no subject where one tells none', [{ sub: 'zoe' }, {}], {}],
  ])('makes of several %s', (_, grants, merged) => {
    expect(mergeGrants(grants)).toEqual(merged);
  });
});
