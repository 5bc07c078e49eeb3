import type { SandboxQuestion } from '../policy.js';

const LONGEST = 500;

/** Name of the form field of a question. */
export function fieldOf({ name }: SandboxQuestion): string {
  return `answer.${name}`;
}

/** The answers in a form; undefined unless every question has one that it may have. */
export function readAnswers(
  questions: readonly SandboxQuestion[],
  form: URLSearchParams,
): Readonly<Record<string, string>> | undefined {
  const answers = questions.map((question) => [question.name, answerTo(question, form)] as const);
  return answers.every(([, answer]) => answer !== undefined)
    ? (Object.fromEntries(answers) as Record<string, string>)
    : undefined;
}

function answerTo(question: SandboxQuestion, form: URLSearchParams): string | undefined {
  const answer = form.get(fieldOf(question))?.trim();
  if (!answer || answer.length > LONGEST) return undefined;
  const { options } = question;
  return !options || options.includes(answer) ? answer : undefined;
}
