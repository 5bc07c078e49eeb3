/** Headers of a form whose response is JSON. */
export const FORM_HEADERS = {
  accept: 'application/json',
  'content-type': 'application/x-www-form-urlencoded',
};
