FROM python:3.11-slim
WORKDIR /app
COPY . .
# editable: diagrams, forms, templates and static files are read from the tree
RUN pip install --no-cache-dir --editable . && useradd --create-home pilot && mkdir /data && chown pilot /data
USER pilot
ENV PILOT_HOME=/data PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["pilot", "web", "--host", "0.0.0.0"]
