from django.urls import path

from cases.views import conclusions, interview, interview_steps, interviews

app_name = "cases"
urlpatterns = [
    path("alerts/<slug:code>/interview/", interview_steps.plan_interview, name="plan_interview"),
    path("interviews/", interviews.interviews, name="interviews"),
    path("interviews/<slug:code>/", interview.interview, name="interview"),
    path("interviews/<slug:code>/number/", interview_steps.reveal, name="reveal_number"),
    path("interviews/<slug:code>/attempts/", interview_steps.attempt, name="note_attempt"),
    path("interviews/<slug:code>/hang-up/", interview_steps.hang_up, name="hang_up"),
    path("interviews/<slug:code>/statement/", interview_steps.statement, name="save_statement"),
    path("interviews/<slug:code>/answers/", interview_steps.answers, name="save_answers"),
    path("interviews/<slug:code>/complete/", interview_steps.complete, name="complete_interview"),
    path("interviews/<slug:code>/unreached/", interview_steps.unreached, name="end_unreached"),
    path("interviews/<slug:code>/upload/", interview_steps.upload, name="upload_recording"),
    path("interviews/<slug:code>/recording/", interview.recording, name="recording"),
    path("interviews/<slug:code>/correct/", interview_steps.correct, name="correct_interview"),
    path("interviews/<slug:code>/supplement/", interview_steps.supplement, name="supplement"),
    path("reviews/", conclusions.reviews, name="reviews"),
    path("alerts/<str:code>/conclusion/", conclusions.conclude, name="conclude"),
    path("conclusions/<str:code>/", conclusions.conclusion, name="conclusion"),
    path("conclusions/<str:code>/review/", conclusions.review, name="review"),
    path("conclusions/<str:code>/note.pdf", conclusions.note, name="note"),
]
